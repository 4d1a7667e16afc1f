// How changesets writes the changelogs: what a user has to know, with the commit behind it, and one line for all dependencies.

/** The text of a changeset as a list item. */
async function getReleaseLine({ summary, commit }) {
  const [first = '', ...rest] = summary.trim().split('\n')
  const [more, last] = rest.length === 0 ? ['', first] : [`${first}\n`, rest.pop()]
  const source = commit ? ` (${commit.slice(0, 7)})` : ''
  const lines = `${more}${rest.map((line) => `${line}\n`).join('')}${last}${source}`
  return `- ${lines.replaceAll(/\n(?=.)/g, '\n  ')}`
}

async function getDependencyReleaseLine(_changesets, dependencies) {
  if (dependencies.length === 0) return ''
  const all = dependencies.map(({ name, newVersion }) => `\`${name}\` ${newVersion}`)
  return `- Built for ${all.join(', ')}`
}

export default { getReleaseLine, getDependencyReleaseLine }
