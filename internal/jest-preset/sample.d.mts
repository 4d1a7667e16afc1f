export declare const FULL: boolean
export declare const SEED: number
export declare function random(seed?: number): () => number
export declare function sample<T>(cases: readonly T[], count: number): T[]
