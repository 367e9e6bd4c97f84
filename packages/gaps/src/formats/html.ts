import { familyOf } from '../findings/score.ts'
import type { Fact } from '../place.ts'
import type { Finding } from '../rules/rule.ts'
import { escapeHtml } from './escape.ts'
import type { Report } from './report.ts'
import { style } from './html-style.ts'
import { formatPlace, inventoryLineOf, verdictOf } from './words.ts'

/**
 * One file that needs nothing else and runs nothing: all text comes from files of others, so it is
 * escaped, and the policy of the page forbids every script and every address besides.
 */
export const formatHtml = (report: Report): string => {
  const { findings } = report
  const families = [...Map.groupBy(findings, ({ rule }) => familyOf(rule))]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gaps: ${escapeHtml(verdictOf(report))}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(verdictOf(report))}</h1>
<p class="line">${escapeHtml(inventoryLineOf(report))}<span class="score">${report.inventory.score.total}<small> of 100</small></span></p>
${familyTable(report)}
${families.map(([family, list]) => sectionOf(family, list, report)).join('\n')}
${inventoryTable(report)}
${notReadOf(report)}
</main>
</body>
</html>
`
}

const sectionOf = (family: string, findings: readonly Finding[], report: Report): string =>
  `<section id="${escapeHtml(family)}">
<h2>${escapeHtml(family)}</h2>
${findings.map((finding) => articleOf(finding, report)).join('\n')}
</section>`

const articleOf = (finding: Finding, report: Report): string => {
  const { rule, severity, title, message, system, service, evidence, fix } = finding
  const where = [system === '.' ? undefined : system, service].filter((one) => one != null)
  return `<article class="${severity}">
<h3><b>${escapeHtml(severity)}</b> ${escapeHtml(message)}</h3>
<p class="meta">${escapeHtml([title, rule, ...where].join(' · '))}</p>
${evidence.map((fact) => factOf(fact, report)).join('\n')}
<p class="fix"><b>Fix</b> ${escapeHtml(fix)}</p>
</article>`
}

const factOf = (fact: Fact, { excerptOf }: Report): string => {
  const lines = excerptOf(fact).map(({ line, text, isIt }) => {
    const row = `<i>${line}</i> ${escapeHtml(text)}`
    return isIt ? `<mark>${row}</mark>` : `<span>${row}</span>`
  })
  const code = lines.length === 0 ? '' : `<pre>${lines.join('\n')}</pre>`
  const place = escapeHtml(formatPlace(fact))
  return `<div class="fact"><p><code>${place}</code> ${escapeHtml(fact.fact)}</p>${code}</div>`
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const cells = (kind: 'th' | 'td', row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${kind}>${escapeHtml(cell)}</${kind}>`).join('')}</tr>`
  return `<table><thead>${cells('th', head)}</thead><tbody>${rows
    .map((row) => cells('td', row))
    .join('\n')}</tbody></table>`
}

const familyTable = ({ inventory }: Report): string =>
  table(
    ['family', 'score', 'errors', 'warnings', 'notes'],
    inventory.score.families.map(({ family, score, errors, warnings, infos }) =>
      [family, score, errors, warnings, infos].map(String),
    ),
  )

const inventoryTable = ({ inventory }: Report): string => {
  const claims = inventory.claims.map((claim) => `${claim.text} (${formatPlace(claim)})`)
  const list = claims.map((claim) => `<li>${escapeHtml(claim)}</li>`).join('')
  const services = table(
    ['service', 'category', 'built', 'place'],
    inventory.services.map((service) => [
      service.system === '.' ? service.service : `${service.system} ${service.service}`,
      service.category,
      service.built === null ? 'not known' : (service.why ?? 'yes'),
      formatPlace(service),
    ]),
  )
  const claimed = list === '' ? '' : `<h3>Claimed</h3><ul>${list}</ul>`
  return `<section id="inventory"><h2>inventory</h2>${claimed}<h3>Declared</h3>${services}</section>`
}

const notReadOf = ({ inventory: { notRead } }: Report): string => {
  const rows = notRead.map(({ file, why }) => [file, why])
  return rows.length === 0
    ? ''
    : `<section><h2>not read</h2>${table(['file', 'why'], rows)}</section>`
}
