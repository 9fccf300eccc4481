import type { Logger } from '../../logging/create-logger.ts'
import type { Change } from '../../model/change.ts'
import { entityChange } from '../../model/entity-change.ts'
import type { TokenNews } from './page-health-rows.ts'
import type { Pages } from './pages.ts'
import type { PageRow } from './rows.ts'

export interface AnnounceNewsDeps {
  readonly pages: Pick<Pages, 'update'>
  readonly announce: (changes: readonly Change[]) => Promise<void>
  readonly logger: Pick<Logger, 'warn'>
}

/**
 * Announces what became of the page's token and was not announced yet. Never throws: what could not be announced stays
 * on the row, and every command that waits for the token, and every check of it, tries again.
 */
export async function announceTokenNews(row: PageRow, { pages, announce, logger }: AnnounceNewsDeps): Promise<void> {
  const news = row.token_news ?? []
  if (news.length === 0) return
  try {
    await announce(news.map((each) => toChange(row, each)))
    const told = new Set(news.map(newsKey))
    await pages.update(row.tenant_id, row.id, (stored) => {
      const left = (stored.token_news ?? []).filter((each) => !told.has(newsKey(each)))
      return left.length === (stored.token_news ?? []).length ? null : { ...stored, token_news: left }
    })
  } catch (err) {
    logger.warn({ err, page_id: row.id }, 'state of a token was not announced yet')
  }
}

const newsKey = ({ type, command_id, at_ms }: TokenNews): string => `${type} ${command_id ?? 'connect'} ${at_ms}`

function toChange(row: PageRow, news: TokenNews): Change {
  const isDead = news.type === 'page.token_invalid'
  return entityChange(row, row, {
    type: news.type,
    cause: news.command_id === undefined ? {} : { command_id: news.command_id },
    fields: {
      status: isDead ? 'reauth_required' : 'active',
      token_status: isDead ? 'invalid' : 'valid',
      ...(news.facebook ? { facebook: news.facebook } : {}),
    },
    distinction: newsKey(news),
    atMs: news.at_ms,
  })
}
