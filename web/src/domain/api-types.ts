/** The names under which the page knows the server's types; the only file that reads `generated`. */
import type { components } from '../generated/api';

type Schemas = components['schemas'];

export type Instrument = Schemas['Instrument'];
export type InstrumentDetail = Schemas['InstrumentDetail'];
export type Card = Schemas['Card'];
export type QuoteFigures = Schemas['QuoteFigures'];
export type Bar = Schemas['Bar'];
export type RemovedBar = Schemas['RemovedBar'];
export type BarsAnswer = Schemas['BarsAnswer'];
export type SymbolsAnswer = Schemas['SymbolsAnswer'];
export type SparklinesAnswer = Schemas['SparklinesAnswer'];
export type Status = Schemas['StatusAnswer'];
export type Feed = Schemas['Feed'];
export type Market = Schemas['Market'];
export type Problem = Schemas['Problem'];
export type Interval = Schemas['Interval'];
export type SessionFilter = Schemas['SessionFilter'];
export type FreshnessState = Schemas['Freshness'];
export type ClientFrame = Schemas['ClientFrame'];
export type ServerFrame = Schemas['ServerFrame'];
