// `npm run next`: runs the suite in stages, stops at the first stage that is not green, and says what to write for it.
import { runSuite } from '@stowage/testsuite'
import { open } from './storage.ts'

const DOCS = 'https://github.com/stowage-storage/stowage/blob/main/docs'

interface Stage {
  readonly write: string
  readonly areas: readonly string[]
  readonly read: string
}

const STAGES: readonly Stage[] = [
  {
    write: 'putContent, list and delete',
    areas: ['list'],
    read: 'writing-a-driver.md#5-order',
  },
  {
    write: 'stat; core walks by it',
    areas: ['walk', 'walk-resume'],
    read: 'contract.md#directories',
  },
  {
    write: 'getContent and reader',
    areas: ['delete'],
    read: 'contract.md#reading',
  },
  {
    write: 'writer, and write, commit and cancel of what it gives',
    areas: ['content', 'reader', 'writer'],
    read: 'writing-a-driver.md#3-invisible-until-committed',
  },
  {
    write: 'move, and errors of the right kind',
    areas: [
      'visibility',
      'stat',
      'paths',
      'names',
      'kinds',
      'move',
      'revisions',
      'errors',
      'isolation',
    ],
    read: 'contract.md#move-and-delete',
  },
  {
    write: 'what you declare in capabilities; `append` and `purgeUploads` are worth it',
    areas: ['capabilities', 'resume', 'sessions', 'times', 'uploads', 'writer-states', 'redirect'],
    read: 'writing-a-driver.md#4-resume',
  },
  {
    write: 'what signals, failures and large storages need',
    areas: ['abort', 'abort-writer', 'closed', 'diagnostics', 'process', 'leaks', 'scale'],
    read: 'contract.md#errors-and-aborts',
  },
]

for (const [index, { write, areas, read }] of STAGES.entries()) {
  const at = `${index + 1} of ${STAGES.length}`
  const { results, passed, failed, skipped } = await runSuite(
    { name: 'mydriver', open },
    { filter: ({ area }) => areas.includes(area) },
  )
  if (failed === 0) {
    console.log(`stage ${at} is green (${passed} passed, ${skipped} skipped): ${write}`)
    continue
  }
  console.log(`\nstage ${at}: write ${write}`)
  console.log(`  read ${DOCS}/${read}`)
  console.log(
    `  ${failed} of ${passed + failed} cases of ${areas.join(', ')} fail. The first ones:\n`,
  )
  for (const { id, title, error } of results
    .filter(({ status }) => status === 'failed')
    .slice(0, 3)) {
    console.log(`  ${title} [${id}]`)
    console.log(`    ${error?.message.split('\n')[0]}`)
  }
  console.log('\nOne case by itself: node --test --test-name-pattern=CASE test/conformance.test.ts')
  process.exit(1)
}
console.log(
  '\nAll stages are green. `npm test` runs everything at once; then look at `capabilities`, and at README.md to publish.',
)
