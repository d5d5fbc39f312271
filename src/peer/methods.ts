/** Types of calls: a map from methods to what they take and give, which makes requests and handlers type-checked. */

import type { RawJson } from '../message/json.js';
import type { RequestContext } from './context.js';

/** What a map of methods holds for each. `params` may be left out for a method without, `result` for a notification. */
export interface MethodTypes {
  params?: unknown;
  result?: unknown;
}

/** Any method, with unknown params and result: the map where none is given. */
export interface AnyMethods {
  [method: string]: { params?: unknown; result: unknown };
}

/** The methods of a map. */
export type MethodName<Map> = keyof Map & string;

/** What a method takes. */
export type ParamsOf<Map, Name extends keyof Map> = Map[Name] extends { params: infer Params }
  ? Params
  : Map[Name] extends { params?: infer Params }
    ? Params | undefined
    : undefined;

/** What a method gives; undefined for a notification. */
export type ResultOf<Map, Name extends keyof Map> = Map[Name] extends { result: infer Result } ? Result : undefined;

/** The arguments of a call: params may be left out where they may be undefined. JSON text may stand for them. */
export type CallArguments<Params, Options> = undefined extends Params
  ? [params?: Params | RawJson, options?: Options]
  : [params: Params | RawJson, options?: Options];

/** One call of a batch. */
export type BatchCall<Map = AnyMethods> = {
  [Name in MethodName<Map>]: {
    method: Name;
    /** Whether it is a notification, which has no answer; default false. */
    notification?: boolean | undefined;
  } & (undefined extends ParamsOf<Map, Name>
    ? { params?: ParamsOf<Map, Name> | RawJson | undefined }
    : { params: ParamsOf<Map, Name> | RawJson });
}[MethodName<Map>];

/** What the calls of a batch give: a promise for each, in their order. */
export type BatchResults<Map, Calls extends readonly BatchCall<Map>[]> = {
  -readonly [Index in keyof Calls]: Calls[Index] extends { notification: true }
    ? Promise<void>
    : Promise<ResultOf<Map, Calls[Index]['method'] & keyof Map>>;
};

/**
 * Answers one request, or takes one notification: with a value, `rawJson(bytes)`, or a promise of either. What it throws
 * becomes the error response: an integer `code` is kept, with its `message` and `data`; all else is -32603.
 */
export type Handler<Params = unknown, Result = unknown> = (
  request: RequestContext<Params>,
) => [Result] extends [undefined] ? unknown : Result | RawJson | Promise<Result | RawJson>;

/** Handlers by method. */
export type Handlers<Map = AnyMethods> = { [Name in MethodName<Map>]?: Handler<ParamsOf<Map, Name>, ResultOf<Map, Name>> };
