/** Content of a widget that stands upright on a page shown turned. */
import type { Rectangle } from './form.ts'
import type { Rotation } from './page-place.ts'

/** A number of a content stream; a thousandth of a point is finer than any printer. */
export function decimal(value: number): string {
  return (Math.round(value * 1000) / 1000).toFixed(3).replace(/\.?0+$/, '')
}

/** The matrix that turns upright content so that it stands upright on a page shown turned (ISO 32000-2, 8.3.4). */
export function upright({ width, height }: Rectangle, rotation: Rotation): string[] {
  switch (rotation) {
    case 0:
      return []
    case 90:
      return [`0 1 -1 0 ${decimal(width)} 0 cm`]
    case 180:
      return [`-1 0 0 -1 ${decimal(width)} ${decimal(height)} cm`]
    case 270:
      return [`0 -1 1 0 0 ${decimal(height)} cm`]
  }
}

/** Width and height of a box of default user space as it is seen. */
export function seenSize({ width, height }: Pick<Rectangle, 'width' | 'height'>, rotation: Rotation) {
  return rotation === 90 || rotation === 270 ? { width: height, height: width } : { width, height }
}
