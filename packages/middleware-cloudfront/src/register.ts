import { registerMiddleware } from '@stowage/core/middleware'
import { cloudFront } from './middleware.ts'
import type { CloudFrontOptions } from './options.ts'

declare module '@stowage/core/middleware' {
  interface MiddlewareOptions {
    cloudfront: CloudFrontOptions
  }
}

registerMiddleware('cloudfront', cloudFront)
