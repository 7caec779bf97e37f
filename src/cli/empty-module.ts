/** Stands for the packages that are left out (module-resolution.ts): it has the names that are imported from them. */
export const Ajv2020 = undefined;
export const editAsync = undefined;
export default undefined;
