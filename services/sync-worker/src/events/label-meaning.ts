import { type PageRow, pageSettings } from '@pagesync/shared/store/repositories/rows.ts'

/** What a custom label stands for, where the page shows such states as labels; null: it is a label like any other. */
export function labelMeaning(name: string, page: PageRow): 'archived' | 'muted' | null {
  const { mirror_labels, archived_label, muted_label } = pageSettings(page)
  if (!mirror_labels) return null
  return name === archived_label ? 'archived' : name === muted_label ? 'muted' : null
}
