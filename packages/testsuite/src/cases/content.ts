import { area, type Case } from '../case.ts'

export const content: readonly Case[] = area('content', [])
