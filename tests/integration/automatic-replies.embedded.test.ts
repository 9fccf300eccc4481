import { describeAutomaticReplies } from './automatic-replies.ts'

describeAutomaticReplies('on the embedded engines', undefined)
