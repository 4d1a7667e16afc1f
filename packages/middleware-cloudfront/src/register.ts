import { registerMiddleware } from '@stowage/core'
import { cloudFront } from './middleware.ts'
import type { CloudFrontOptions } from './options.ts'

declare module '@stowage/core' {
  interface MiddlewareOptions {
    cloudfront: CloudFrontOptions
  }
}

registerMiddleware('cloudfront', cloudFront)
