export declare const TEST_MS: number
export declare function patient(ms: number): number
export declare function until(isSo: () => boolean | Promise<boolean>, what?: string): Promise<void>
