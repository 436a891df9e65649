import type { CommanderError } from 'commander'
import { CongvanError } from '../server/errors.ts'
import type { Language } from '../signing/index.ts'
import type { Bilingual } from './command.ts'

/** A wrong invocation: exit code 64. */
export function usageError(reason: Bilingual, language: Language): CongvanError {
  return new CongvanError('USAGE', { reason: reason[language] })
}

/** What commander found wrong with the command line, as one of our errors. */
export function fromCommander(error: CommanderError, language: Language): CongvanError {
  if (error.code === 'commander.help') {
    return usageError({ vi: 'thiếu lệnh; xem --help', en: 'no command given; see --help' }, language)
  }
  const english = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
  const [, name = ''] = /'([^']*)'/.exec(english) ?? []
  return usageError({ vi: inVietnamese(error.code, name) ?? english, en: english }, language)
}

function inVietnamese(code: string, name: string): string | undefined {
  switch (code) {
    case 'commander.unknownCommand':
      return `không có lệnh "${name}"`
    case 'commander.unknownOption':
      return `không có tùy chọn "${name}"`
    case 'commander.missingArgument':
      return `thiếu tham số "${name}"`
    case 'commander.optionMissingArgument':
      return `tùy chọn "${name}" thiếu giá trị`
    case 'commander.missingMandatoryOptionValue':
      return `thiếu tùy chọn bắt buộc "${name}"`
    case 'commander.invalidArgument':
      return `giá trị của "${name}" không hợp lệ`
    case 'commander.conflictingOption':
      return `tùy chọn "${name}" không dùng chung được với tùy chọn kia`
    case 'commander.excessArguments':
      return 'thừa tham số'
    default:
      return undefined
  }
}
