/**
 * The reference of the API as a page: made from the OpenAPI document that the node serves, in Vietnamese or English.
 * Static HTML and one style sheet: no script, nothing from elsewhere, so the strictest policy suffices.
 */
import type { Language } from '../../signing/index.ts'
import { errorCodes, errorEntry } from '../errors.ts'
import { renderSchema } from './docs-schema.ts'
import { escapeHtml, inLanguage, isRecord, listOf, recordOf, textOf } from './docs-text.ts'

export const DOCS_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

type Bilingual = Readonly<Record<Language, string>>

const say = {
  operations: { vi: 'Các thao tác', en: 'Operations' },
  errors: { vi: 'Mã lỗi', en: 'Errors' },
  conventions: { vi: 'Quy ước chung', en: 'Conventions' },
  parameters: { vi: 'Tham số', en: 'Parameters' },
  body: { vi: 'Nội dung gửi', en: 'Body' },
  answer: { vi: 'Trả lời', en: 'Answer' },
  failures: { vi: 'Lỗi', en: 'Failures' },
  roles: { vi: 'Vai trò được gọi', en: 'Roles that may call it' },
  anybody: { vi: 'không cần đăng nhập', en: 'no sign-in needed' },
  anyRole: { vi: 'mọi tài khoản đã đăng nhập', en: 'every account that is signed in' },
  required: { vi: 'bắt buộc', en: 'required' },
  code: { vi: 'Mã', en: 'Code' },
  meaning: { vi: 'Nghĩa', en: 'Meaning' },
  other: { vi: 'English', en: 'Tiếng Việt' },
  skip: { vi: 'Đến nội dung', en: 'Skip to the content' },
} satisfies Readonly<Record<string, Bilingual>>

const conventions: readonly Bilingual[] = [
  {
    vi: 'Đăng nhập bằng <code>POST /api/v1/session</code>, rồi gửi <code>Authorization: Bearer …</code>.',
    en: 'Sign in with <code>POST /api/v1/session</code>, then send <code>Authorization: Bearer …</code>.',
  },
  {
    vi: 'Mỗi POST mang <code>Idempotency-Key</code>: cùng khóa và cùng yêu cầu thì làm một lần, trả lời như cũ; cùng khóa với yêu cầu khác bị từ chối.',
    en: 'Every POST carries an <code>Idempotency-Key</code>: the same key and request is done once and answered the same; the same key with another request is refused.',
  },
  {
    vi: 'Câu trả lời có <code>version</code> mang <code>ETag</code>. Sửa thì gửi lại nó trong <code>If-Match</code> (412 khi người khác đã sửa, 428 khi thiếu); đọc lại thì gửi trong <code>If-None-Match</code> (304 khi chưa đổi).',
    en: 'An answer with a <code>version</code> carries an <code>ETag</code>. A change sends it in <code>If-Match</code> (412 when somebody else was first, 428 when it is missing); reading again sends it in <code>If-None-Match</code> (304 while nothing changed).',
  },
  {
    vi: 'Danh sách trả từng trang: gửi lại con trỏ của trang trước nguyên như đã nhận.',
    en: 'Lists come page by page: send the cursor of the page before back just as it came.',
  },
  {
    vi: 'Lỗi là <code>application/problem+json</code> (RFC 9457). Hãy rẽ nhánh theo <code>code</code>; lời theo <code>Accept-Language</code>.',
    en: 'Failures are <code>application/problem+json</code> (RFC 9457). Branch on <code>code</code>; the words follow <code>Accept-Language</code>.',
  },
]

/** @param description what `describeApi` made */
export function renderDocs(description: unknown, language: Language): string {
  const document = recordOf(description)
  const info = recordOf(document.info)
  const title = `${textOf(info.title)} API ${textOf(info.version)}`
  const operations = operationsOf(document)
  const tags = listOf(document.tags).map(recordOf)
  const t = (words: Bilingual) => words[language]
  const other = language === 'vi' ? 'en' : 'vi'
  const sections = tags.map((tag) => {
    const name = textOf(tag.name)
    const own = operations.filter((one) => one.tag === name)
    return `<section><h2 id="tag-${escapeHtml(name)}">${escapeHtml(inLanguage(textOf(tag.description), language))}</h2>
${own.map((one) => renderOperation(one, document, language)).join('\n')}</section>`
  })
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<a class="skip" href="#content">${t(say.skip)}</a>
<header><h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(inLanguage(textOf(info.description), language))}</p>
<p><a href="/docs?lang=${other}" lang="${other}" hreflang="${other}">${t(say.other)}</a> · <a href="/openapi.json">openapi.json</a></p></header>
<nav aria-label="${t(say.operations)}">
${tags.map((tag) => renderIndex(tag, operations, language)).join('\n')}
<p><a href="#errors">${t(say.errors)}</a></p>
</nav>
<main id="content">
<section><h2>${t(say.conventions)}</h2><ul>${conventions.map((one) => `<li>${t(one)}</li>`).join('')}</ul></section>
${sections.join('\n')}
${renderErrors(language)}
</main>
</body>
</html>
`
}

interface Operation {
  readonly method: string
  readonly path: string
  readonly id: string
  readonly tag: string
  readonly value: Readonly<Record<string, unknown>>
}

function operationsOf(document: Readonly<Record<string, unknown>>): Operation[] {
  return Object.entries(recordOf(document.paths)).flatMap(([path, methods]) =>
    Object.entries(recordOf(methods)).map(([method, one]) => {
      const value = recordOf(one)
      return { method, path, id: textOf(value.operationId), tag: textOf(listOf(value.tags)[0]), value }
    }),
  )
}

function renderIndex(
  tag: Readonly<Record<string, unknown>>,
  operations: readonly Operation[],
  language: Language,
): string {
  const name = textOf(tag.name)
  const items = operations
    .filter((one) => one.tag === name)
    .map(
      (one) =>
        `<li><a href="#${escapeHtml(one.id)}">${escapeHtml(inLanguage(textOf(one.value.summary), language))}</a></li>`,
    )
  return `<details><summary>${escapeHtml(inLanguage(textOf(tag.description), language))}</summary><ul>${items.join('')}</ul></details>`
}

function renderOperation(
  { method, path, id, value }: Operation,
  document: Readonly<Record<string, unknown>>,
  language: Language,
): string {
  const responses = Object.entries(recordOf(value.responses)).map(([status, one]) => ({
    status,
    value: recordOf(one),
  }))
  const good = responses.filter(({ status }) => /^[23]/.test(status))
  const bad = responses.filter(({ status }) => !/^[23]/.test(status))
  return `<article id="${escapeHtml(id)}">
<h3>${escapeHtml(inLanguage(textOf(value.summary), language))}</h3>
<p class="call"><span class="method ${escapeHtml(method)}">${escapeHtml(method.toUpperCase())}</span> <code>${escapeHtml(path)}</code> <a class="anchor" href="#${escapeHtml(id)}">${escapeHtml(id)}</a></p>
<p>${renderAccess(value, language)}</p>
${renderParameters(value, document, language)}
${renderContent(say.body[language], recordOf(value.requestBody).content, document, language)}
${good.map((one) => renderContent(`${say.answer[language]} ${one.status}`, one.value.content, document, language)).join('')}
<p class="failures">${say.failures[language]}: ${bad
    .map(
      (one) =>
        `<span title="${escapeHtml(inLanguage(textOf(one.value.description), language))}">${escapeHtml(one.status)}</span>`,
    )
    .join(', ')}</p>
</article>`
}

function renderAccess(value: Readonly<Record<string, unknown>>, language: Language): string {
  if (listOf(value.security).length === 0) return say.anybody[language]
  const permission = textOf(value['x-permission'])
  if (permission === '') return say.anyRole[language]
  const roles = listOf(value['x-roles']).map(textOf)
  return `${say.roles[language]}: ${escapeHtml(roles.join(', '))} (<code>${escapeHtml(permission)}</code>)`
}

function renderParameters(
  value: Readonly<Record<string, unknown>>,
  document: Readonly<Record<string, unknown>>,
  language: Language,
): string {
  const parameters = listOf(value.parameters).map(recordOf)
  if (parameters.length === 0) return ''
  const rows = parameters.map((one) => {
    const required = one.required === true ? ` <em>${say.required[language]}</em>` : ''
    const words = escapeHtml(inLanguage(textOf(one.description), language))
    return `<tr><td><code>${escapeHtml(textOf(one.name))}</code>${required}</td><td>${escapeHtml(textOf(one.in))}</td><td>${renderSchema(one.schema, document, language)} ${words}</td></tr>`
  })
  return `<h4>${say.parameters[language]}</h4><table>${rows.join('')}</table>`
}

function renderContent(
  heading: string,
  content: unknown,
  document: Readonly<Record<string, unknown>>,
  language: Language,
): string {
  return Object.entries(isRecord(content) ? content : {})
    .map(
      ([type, one]) =>
        `<h4>${escapeHtml(heading)} <code>${escapeHtml(type)}</code></h4>${renderSchema(recordOf(one).schema, document, language)}`,
    )
    .join('')
}

function renderErrors(language: Language): string {
  const rows = errorCodes()
    .toSorted()
    .map((code) => {
      const entry = errorEntry(code)
      const hint = entry.hint === undefined ? '' : ` → ${entry.hint[language]}`
      return `<tr id="error-${code}"><td><code>${code}</code></td><td>${entry.status}</td><td>${escapeHtml(entry[language] + hint)}</td></tr>`
    })
  return `<section><h2 id="errors">${say.errors[language]}</h2>
<table><thead><tr><th>${say.code[language]}</th><th>HTTP</th><th>${say.meaning[language]}</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></section>`
}

/** Served beside the page. Readable without colours, on a small screen and on paper. */
export const DOCS_STYLE = `:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { font: 16px/1.55 system-ui, "Noto Sans", sans-serif; margin: 0 auto; max-width: 78rem; padding: 0 1rem;
  display: grid; grid-template: "head head" auto "nav main" auto / 19rem minmax(0, 1fr); column-gap: 2rem; }
header { grid-area: head; border-bottom: 1px solid var(--line); }
nav { grid-area: nav; position: sticky; top: 0; max-height: 100vh; overflow: auto; padding: 1rem 0; font-size: .9rem; }
nav ul { margin: .2rem 0 .8rem; padding-left: 1.1rem; }
nav summary { cursor: pointer; font-weight: 600; padding: .2rem 0; }
main { grid-area: main; padding-bottom: 4rem; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; }
article { border-top: 1px solid var(--line); padding: .8rem 0 1.2rem; }
h3 { margin: .4rem 0; }
h4 { margin: 1rem 0 .3rem; font-size: .95rem; }
code { font: .92em/1.4 ui-monospace, "Noto Sans Mono", monospace; overflow-wrap: anywhere; }
.method { font-weight: 700; border: 1px solid var(--line); border-radius: .3rem; padding: .05rem .4rem; }
.anchor { float: right; font-size: .8rem; opacity: .7; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
td, th { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top; }
.schema { border-left: 3px solid var(--soft); padding-left: .8rem; margin: .2rem 0; list-style: none; font-size: .92rem; }
.schema .schema { margin-left: .3rem; }
.type { opacity: .75; }
:target { background: var(--soft); }
@media (max-width: 50rem) { body { display: block; } nav { position: static; max-height: none; } }
@media print { nav, .anchor { display: none; } body { display: block; } }
`
