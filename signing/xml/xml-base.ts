import { XML_NAMESPACE } from './names.ts'
import type { TreeElement } from './tree.ts'

/**
 * The `xml:base` that Canonical XML 1.1 (section 2.4) writes on an element some of whose ancestors are left out: the
 * values of the ancestors left out, up to the first that is not, joined with the element's own.
 *
 * @returns undefined where nothing is to be changed
 */
export function inheritedBase(
  element: TreeElement,
  isOutput: (ancestor: TreeElement) => boolean,
): string | undefined {
  const bases: string[] = []
  for (let above = element.parent; above !== null && !isOutput(above); above = above.parent) {
    const base = baseOf(above)
    if (base !== undefined) bases.unshift(base)
  }
  if (bases.length === 0) return undefined
  const own = baseOf(element)
  return [...bases, ...(own === undefined ? [] : [own])].reduce(joinReferences)
}

function baseOf(element: TreeElement): string | undefined {
  return element.attributes.find((one) => one.namespace === XML_NAMESPACE && one.localName === 'base')?.value
}

interface Reference {
  readonly scheme: string | undefined
  readonly authority: string | undefined
  readonly path: string
  readonly query: string | undefined
}

/** RFC 3986 appendix B; the fragment is dropped, as Canonical XML 1.1 wants it. */
function parse(reference: string): Reference {
  const found = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/.exec(reference)
  return { scheme: found?.[1], authority: found?.[2], path: found?.[3] ?? '', query: found?.[4] }
}

/** `join-URI-References`: RFC 3986 section 5.2.2, except that the base may be relative and leading `..` stay. */
function joinReferences(base: string, reference: string): string {
  const from = parse(base)
  const to = parse(reference)
  if (to.scheme !== undefined) return write({ ...to, path: withoutDots(to.path) })
  if (to.authority !== undefined) {
    return write({ ...to, scheme: from.scheme, path: withoutDots(to.path) })
  }
  if (to.path === '') return write({ ...from, path: withoutDots(from.path), query: to.query ?? from.query })
  const path = to.path.startsWith('/') ? to.path : merged(from, to.path)
  return write({ ...from, path: withoutDots(path), query: to.query })
}

function merged(base: Reference, path: string): string {
  if (base.authority !== undefined && base.path === '') return `/${path}`
  const basePath = /(^|\/)\.\.$/.test(base.path) ? `${base.path}/` : base.path
  return basePath.slice(0, basePath.lastIndexOf('/') + 1) + path
}

/** `remove_dot_segments` with the changes of Canonical XML 1.1 appendix A: `..` that lead nowhere stay in front. */
function withoutDots(path: string): string {
  const isAbsolute = path.startsWith('/')
  const segments = path.split('/').filter((segment, at, all) => segment !== '' || at === all.length - 1)
  const kept: string[] = []
  for (const [at, segment] of segments.entries()) {
    const isLast = at === segments.length - 1
    if (segment === '.') {
      if (isLast) kept.push('')
    } else if (segment === '..') {
      if (kept.length > 0 && kept.at(-1) !== '..') kept.pop()
      else if (!isAbsolute) kept.push('..')
      if (isLast) kept.push('')
    } else kept.push(segment)
  }
  return (isAbsolute ? '/' : '') + kept.join('/')
}

function write({ scheme, authority, path, query }: Reference): string {
  return (
    (scheme === undefined ? '' : `${scheme}:`) +
    (authority === undefined ? '' : `//${authority}`) +
    path +
    (query === undefined ? '' : `?${query}`)
  )
}
