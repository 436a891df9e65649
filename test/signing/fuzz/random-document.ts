import type { Random } from './random.ts'

const texts = [
  'đất',
  ' ',
  '\n',
  '&lt;',
  '&amp;',
  '&#xD;',
  '100',
  '\r\n',
  ']',
  '<![CDATA[<x>&]]>',
  '&gt;',
] as const
const names = ['a', 'p:a', 'mục', 'p:b', 'q:c'] as const
const values = ['', '1', 'đ', '&#9;', "it's", '&lt;', ' x ', '2&gt;'] as const

/**
 * A well-formed document of a few dozen nodes, with all that makes canonical forms differ from their files. One element
 * has the Id `M`, and a name of its own.
 */
export function randomDocument(random: Random): string {
  const declarations = random.pick(['', ' xmlns="urn:d"', ' xmlns="urn:d" xmlns:unused="urn:u"'])
  const prolog = random.pick([
    '',
    '<?xml version="1.0"?>',
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<!-- trước -->',
  ])
  const marked = `<chính Id="M" b="${random.pick(values)}">${children(random, 2)}</chính>`
  const body = `${children(random, 3)}${marked}${children(random, 3)}`
  const after = random.pick(['', '\n', '<?sau x?>\n', '<!-- sau -->'])
  return `${prolog}<r${declarations} xmlns:p="urn:p" xmlns:q="urn:q">${body}</r>${after}`
}

function children(random: Random, depth: number): string {
  return Array.from({ length: random.below(4) }, () => {
    switch (depth === 0 ? random.below(3) : random.below(6)) {
      case 0:
        return random.pick(texts)
      case 1:
        return '<!-- ghi chú -->'
      case 2:
        return '<?pi dữ liệu?>'
      default: {
        const name = random.pick(names)
        const attributes = ['z', 'a', 'p:k']
          .filter(() => random.below(2) === 0)
          .map((attribute) => ` ${attribute}="${random.pick(values)}"`)
          .join(random.pick(['', ' ']))
        const content = children(random, depth - 1)
        return content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`
      }
    }
  }).join('')
}
