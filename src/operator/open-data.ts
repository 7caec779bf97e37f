/** Opens what `--data` names for an operator's command. */
import { resolve } from 'node:path';
import type { OperatorData } from '../inventory/operator-data.ts';
import { isPostgresAddress } from '../stores/postgres/connection/postgres-url.ts';

/** `address`: a file or a PostgreSQL database, which must be there. Throws StoreRefused. */
export async function openOperatorData(address: string): Promise<OperatorData> {
  if (isPostgresAddress(address)) {
    const { openPostgresOperatorData } = await import(
      '../stores/postgres/postgres-operator-data.ts'
    );
    return openPostgresOperatorData(address);
  }
  const { openSqliteOperatorData } = await import('../stores/sqlite/sqlite-operator-data.ts');
  return openSqliteOperatorData(resolve(address));
}
