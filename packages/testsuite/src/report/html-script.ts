/** Filters the cases by words and by status. Without it the page shows everything. */
export const SCRIPT = `
const form = document.querySelector('form')
const rows = [...document.querySelectorAll('tr[data-status]')]
const groups = [...document.querySelectorAll('tbody[data-area]')]
const shown = document.querySelector('output')
function update() {
  const words = form.elements.words.value.toLowerCase().split(/\\s+/).filter(Boolean)
  const wanted = new Set([...form.querySelectorAll('[name=status]:checked')].map((box) => box.value))
  let count = 0
  for (const row of rows) {
    const text = row.textContent.toLowerCase()
    row.hidden = !wanted.has(row.dataset.status) || !words.every((word) => text.includes(word))
    if (!row.hidden) count++
  }
  for (const group of groups) group.hidden = !group.querySelector('tr[data-status]:not([hidden])')
  shown.value = count + ' of ' + rows.length + ' cases'
}
form.hidden = false
form.addEventListener('input', update)
form.addEventListener('submit', (event) => event.preventDefault())
form.addEventListener('reset', () => setTimeout(update))
update()
`
