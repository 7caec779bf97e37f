/** Stands for the packages that are left out (unused-packages.ts): it has the names that are imported from them. */
export const Ajv2020 = undefined;
export const editAsync = undefined;
export default undefined;
