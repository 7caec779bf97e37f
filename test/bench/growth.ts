export async function growth(_quick: boolean): Promise<void> {}
