/** The four levels as nodes of a plant. */
import { randomUUID } from 'node:crypto'
import type { NodePlan, PlantAgency } from './plant.ts'

function agency(code: string, name: string, level: PlantAgency['level'], parent?: PlantAgency): PlantAgency {
  return { id: randomUUID(), code, name, level, parentId: parent?.id ?? null }
}

export interface FourLevels {
  readonly central: PlantAgency
  readonly province: PlantAgency
  readonly district: PlantAgency
  readonly commune: PlantAgency
  /** Further communes, hosted by the district's node. */
  readonly communes: readonly PlantAgency[]
  readonly plans: readonly NodePlan[]
}

/** trung ương, tỉnh, huyện, xã: each a node; codes below the province are synthetic. */
export function fourLevels(processes: Readonly<Record<string, number>> = {}, communes = 0): FourLevels {
  const central = agency('G22', 'Văn phòng Chính phủ', 'central')
  const province = agency('H40', 'Ủy ban nhân dân tỉnh Nam Định', 'province')
  const district = agency('H40.19', 'Ủy ban nhân dân huyện Hải Hậu', 'district', province)
  const commune = agency('H40.19.6', 'Ủy ban nhân dân xã Hải Minh', 'commune', district)
  const more = Array.from({ length: communes }, (_, index) =>
    agency(`H40.19.${100 + index}`, `Ủy ban nhân dân xã số ${index + 1}`, 'commune', district),
  )
  const plan = (id: string, parent: string | null, agencies: readonly PlantAgency[]): NodePlan => ({
    id,
    parent,
    agencies,
    processes: processes[id] ?? 1,
  })
  const plans = [
    plan('tw', null, [central]),
    plan('tinh', 'tw', [province]),
    plan('huyen', 'tinh', [district, ...more]),
    plan('xa', 'huyen', [commune]),
  ]
  return { central, province, district, commune, communes: more, plans }
}
