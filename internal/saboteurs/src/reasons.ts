/** Why a case of the suite finds no saboteur. A case that does find one must not be here. */
export const reasons: Readonly<Record<string, string>> = {}
