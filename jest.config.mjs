// One run over every workspace package that has a jest.config.mjs.
import { run } from './internal/jest-preset/jest.preset.mjs'
import { workspaces } from './scripts/workspaces.mjs'

export default {
  ...run,
  projects: workspaces()
    .filter((workspace) => workspace.has('jest.config.mjs'))
    .map(({ dir }) => `<rootDir>/${dir}`),
  reporters: ['default', '<rootDir>/internal/jest-preset/jest.reporter.mjs'],
}
