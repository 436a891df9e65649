/** A reader for XPath 1.0 expressions (W3C Rec. 1999) as far as filters over signed documents need them. */
import { SigningError } from '../errors.ts'

export type Axis =
  | 'ancestor'
  | 'ancestor-or-self'
  | 'attribute'
  | 'child'
  | 'descendant'
  | 'descendant-or-self'
  | 'following'
  | 'following-sibling'
  | 'parent'
  | 'preceding'
  | 'preceding-sibling'
  | 'self'

export type NodeTest =
  /** `*`, `p:*` and `p:name`; null = any. */
  | { readonly kind: 'name'; readonly namespace: string | null; readonly localName: string | null }
  | { readonly kind: 'node' | 'text' | 'comment' | 'instruction' }

export interface Step {
  readonly axis: Axis
  readonly test: NodeTest
  readonly predicates: readonly Expression[]
}

export type Operator =
  | 'or'
  | 'and'
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | 'div'
  | 'mod'
  | '|'

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: 'binary'
      readonly operator: Operator
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'negative'; readonly of: Expression }
  /** `start` is `'root'`, `'context'`, or an expression with its predicates. */
  | {
      readonly kind: 'path'
      readonly start: 'root' | 'context' | Expression
      readonly filters: readonly Expression[]
      readonly steps: readonly Step[]
    }

const axes: ReadonlySet<string> = new Set<Axis>([
  'ancestor',
  'ancestor-or-self',
  'attribute',
  'child',
  'descendant',
  'descendant-or-self',
  'following',
  'following-sibling',
  'parent',
  'preceding',
  'preceding-sibling',
  'self',
])

/** Weakest first; operators of one row are of one strength and go from left to right. */
const levels: readonly (readonly Operator[])[] = [
  ['or'],
  ['and'],
  ['=', '!='],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', 'div', 'mod'],
]

const token =
  /\s*(?:(\d+(?:\.\d*)?|\.\d+)|"([^"]*)"|'([^']*)'|(::|\/\/|\.\.|!=|<=|>=|[()[\].@,|/+\-=<>*:])|([\p{L}_][\p{L}\p{N}\p{M}_.·-]*))/uy

interface Token {
  readonly kind: 'number' | 'literal' | 'symbol' | 'name'
  readonly text: string
}

const MOST_TOKENS = 500
const MOST_CHARACTERS = 4000
const anyNode: Step = { axis: 'descendant-or-self', test: { kind: 'node' }, predicates: [] }

/**
 * @param scope prefixes that the expression may use
 * @throws SigningError `XML_TRANSFORM_UNSUPPORTED` for what is no such expression
 */
export function parseXPath(expression: string, scope: ReadonlyMap<string, string>): Expression {
  const tokens = tokenize(expression)
  let at = 0
  const peek = (text: string, ahead = 0) => {
    const next = tokens[at + ahead]
    return next !== undefined && next.kind !== 'literal' && next.text === text
  }
  const accept = (text: string) => {
    if (!peek(text)) return false
    at += 1
    return true
  }
  const expect = (text: string) => {
    if (!accept(text)) throw refused(expression)
  }

  const parseLevel = (level: number): Expression => {
    const operators = levels[level]
    if (operators === undefined) return parseUnary()
    let left = parseLevel(level + 1)
    for (;;) {
      const operator = operators.find((one) => peek(one))
      if (operator === undefined) return left
      at += 1
      left = { kind: 'binary', operator, left, right: parseLevel(level + 1) }
    }
  }
  const parseUnary = (): Expression => {
    if (accept('-')) return { kind: 'negative', of: parseUnary() }
    let left = parsePath()
    while (accept('|')) left = { kind: 'binary', operator: '|', left, right: parsePath() }
    return left
  }
  const parsePath = (): Expression => {
    if (peek('/') || peek('//')) {
      const steps: Step[] = []
      if (accept('//')) steps.push(anyNode, parseStep())
      else {
        expect('/')
        if (startsStep()) steps.push(parseStep())
      }
      return { kind: 'path', start: 'root', filters: [], steps: parseMore(steps) }
    }
    const start = startsPrimary() ? parsePrimary() : 'context'
    const filters = start === 'context' ? [] : parsePredicates()
    const steps = start === 'context' ? [parseStep()] : []
    return { kind: 'path', start, filters, steps: parseMore(steps) }
  }
  const parseMore = (steps: Step[]): Step[] => {
    for (;;) {
      if (accept('//')) steps.push(anyNode, parseStep())
      else if (accept('/')) steps.push(parseStep())
      else return steps
    }
  }
  const startsPrimary = () => {
    const next = tokens[at]
    if (next?.kind === 'literal' || next?.kind === 'number' || peek('(')) return true
    return next?.kind === 'name' && peek('(', 1) && !isNodeType(next.text)
  }
  const startsStep = () => {
    const next = tokens[at]
    return next?.kind === 'name' || peek('.') || peek('..') || peek('@') || peek('*')
  }
  const parsePrimary = (): Expression => {
    const next = tokens[at]
    at += 1
    if (next?.kind === 'literal') return { kind: 'literal', value: next.text }
    if (next?.kind === 'number') return { kind: 'literal', value: Number(next.text) }
    if (next?.text === '(') {
      const inner = parseLevel(0)
      expect(')')
      return inner
    }
    expect('(')
    const args: Expression[] = []
    if (!peek(')')) {
      do args.push(parseLevel(0))
      while (accept(','))
    }
    expect(')')
    return { kind: 'call', name: next?.text ?? '', args }
  }
  const parsePredicates = (): Expression[] => {
    const predicates: Expression[] = []
    while (accept('[')) {
      predicates.push(parseLevel(0))
      expect(']')
    }
    return predicates
  }
  const parseStep = (): Step => {
    if (accept('.')) return { axis: 'self', test: { kind: 'node' }, predicates: [] }
    if (accept('..')) return { axis: 'parent', test: { kind: 'node' }, predicates: [] }
    let axis: Axis = 'child'
    if (accept('@')) axis = 'attribute'
    else if (peek('::', 1)) {
      const name = tokens[at]?.text ?? ''
      if (!isAxis(name)) throw refused(expression)
      axis = name
      at += 2
    }
    return { axis, test: parseTest(), predicates: parsePredicates() }
  }
  const parseTest = (): NodeTest => {
    if (accept('*')) return { kind: 'name', namespace: null, localName: null }
    const next = tokens[at]
    if (next?.kind !== 'name') throw refused(expression)
    at += 1
    if (isNodeType(next.text) && accept('(')) {
      expect(')')
      return { kind: next.text === 'processing-instruction' ? 'instruction' : next.text }
    }
    if (!accept(':')) return { kind: 'name', namespace: '', localName: next.text }
    const namespace = scope.get(next.text)
    const local = tokens[at]
    at += 1
    if (namespace === undefined || (local?.kind !== 'name' && local?.text !== '*')) throw refused(expression)
    return { kind: 'name', namespace, localName: local.kind === 'name' ? local.text : null }
  }

  const parsed = parseLevel(0)
  if (at !== tokens.length) throw refused(expression)
  return parsed
}

function tokenize(expression: string): readonly Token[] {
  const tokens: Token[] = []
  if (expression.length > MOST_CHARACTERS) throw refused(expression)
  const text = expression.trimEnd()
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const found = token.exec(text)
    if (found === null || tokens.length >= MOST_TOKENS) throw refused(expression)
    const [, number, double, single, symbol, name] = found
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol })
    else tokens.push({ kind: 'literal', text: double ?? single ?? '' })
  }
  return tokens
}

function isAxis(name: string): name is Axis {
  return axes.has(name)
}

function isNodeType(name: string): name is 'node' | 'text' | 'comment' | 'processing-instruction' {
  return name === 'node' || name === 'text' || name === 'comment' || name === 'processing-instruction'
}

function refused(expression: string): SigningError {
  return new SigningError('XML_TRANSFORM_UNSUPPORTED', {
    transform: `XPath ${expression.trim().slice(0, 120)}`,
  })
}
