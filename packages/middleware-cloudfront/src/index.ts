import './register.ts'

export { cloudFront } from './middleware.ts'
export type { CloudFrontOptions } from './options.ts'
export { signCannedPolicy } from './sign.ts'
