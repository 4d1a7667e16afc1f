import { project } from '@stowage-internal/jest-preset'

export default project(import.meta.url)
