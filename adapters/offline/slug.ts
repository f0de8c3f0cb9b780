import { hashOf, nameOf } from './path.ts'
import { textOf } from './text.ts'

/** Letters that NFKD does not take apart, in lower case. */
const letters: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ħ: 'h', ı: 'i', ĸ: 'k', ŋ: 'n', ŧ: 't' },
  ...{ ə: 'e', ƒ: 'f', '&': ' and ', '’': '', "'": '' },
  ...{ а: 'a', б: 'b', в: 'v', г: 'g', д: 'd', е: 'e', ж: 'zh', з: 'z', и: 'i', к: 'k', л: 'l', м: 'm', н: 'n' },
  ...{ о: 'o', п: 'p', р: 'r', с: 's', т: 't', у: 'u', ф: 'f', х: 'kh', ц: 'ts', ч: 'ch', ш: 'sh', щ: 'shch' },
  ...{ ъ: '', ы: 'y', ь: '', э: 'e', ю: 'yu', я: 'ya', є: 'ye', і: 'i', ґ: 'g', ј: 'j', љ: 'lj', њ: 'nj', ћ: 'c' },
  ...{ α: 'a', β: 'v', γ: 'g', δ: 'd', ε: 'e', ζ: 'z', η: 'i', θ: 'th', ι: 'i', κ: 'k', λ: 'l', μ: 'm', ν: 'n' },
  ...{ ξ: 'x', ο: 'o', π: 'p', ρ: 'r', σ: 's', ς: 's', τ: 't', υ: 'y', φ: 'f', χ: 'ch', ψ: 'ps', ω: 'o' },
}

/** A text in the alphabet of slugs, or '' when nothing of it can be written there. Never ends or begins with a dash. */
export function slugify(text: string, lengthMax = 120): string {
  const bare = text
    .toWellFormed()
    .slice(0, 1024)
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
  const latin = bare.replace(/[^a-z0-9]/gu, (letter) => letters[letter] ?? '-')
  const slug = latin.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
  if (slug.length <= lengthMax) return slug
  const cut = slug.lastIndexOf('-', lengthMax)
  return slug.slice(0, cut > 0 ? cut : lengthMax)
}

/** The slug the author meant, else one of the file's name, else one of the path's hash: never empty. */
export function proposeSlug(path: string, current: unknown, lengthMax = 120): string {
  return (
    slugify(textOf(current), lengthMax) ||
    slugify(nameOf(path), lengthMax) ||
    `note-${hashOf(path)}`.slice(0, Math.max(1, lengthMax))
  )
}
