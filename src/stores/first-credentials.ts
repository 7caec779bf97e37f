/**
 * SQL for the credential of a login that an inv made which had only the three users of the demonstration:
 * those logins end when a user of that name gets another password. Migrations are made of it: it never changes.
 */
export const CREDENTIAL_OF_FIRST_USERS = `CASE "user"
  WHEN 'alice' THEN '1rQU0aU21oQICR1SjJ2A7D'
  WHEN 'bob' THEN 'MJESo_Z2zavq58aEZIWFwi'
  WHEN 'carol' THEN 'epOxx9Ox_1Xe2-9tC_Oj1t'
  ELSE '' END`;
