// The exports that read text, as Node-API calls them: argument checks, and the turn from a Status into a JS value or
// error. Nothing here throws C++ exceptions, and no pointer into JS memory outlives a call.
//
// Any call of N-API may fail because its thread is being terminated. Functions then return null, with the
// exception that ends the thread pending.
#pragma once

#include <node_api.h>

namespace airs {

// Their arguments are those of Backend and NativeSystem in src/backend/contract.ts. The data of the first two is the
// Environment; the others need none.
napi_value ScanCall(napi_env env, napi_callback_info info) noexcept;
napi_value FindCall(napi_env env, napi_callback_info info) noexcept;
napi_value FindLongStringsCall(napi_env env, napi_callback_info info) noexcept;
napi_value EscapeCall(napi_env env, napi_callback_info info) noexcept;
napi_value UnescapeCall(napi_env env, napi_callback_info info) noexcept;

}  // namespace airs
