{
  'variables': {
    # Where the sources of simdjson are, wherever the package manager put them.
    'simdjson%': '<!(node -p "path.relative(\'.\', require.resolve(\'@nozbe/simdjson/package.json\') + \'/../src\').replaceAll(path.sep, \'/\')")',
  },
  'targets': [
    {
      'target_name': 'airs_mcp',
      'sources': [
        'native/addon.cc',
        'native/argument.cc',
        'native/container_end.cc',
        'native/envelope.cc',
        'native/escape.cc',
        'native/find.cc',
        'native/long_strings.cc',
        'native/plain_text.cc',
        'native/pointer.cc',
        'native/scan.cc',
        'native/slab.cc',
        'native/structure.cc',
        'native/system.cc',
        'native/text_calls.cc',
        'native/tokens.cc',
        'native/value.cc',
        '<(simdjson)/simdjson.cpp',
      ],
      'include_dirs': [ 'native', '<(simdjson)' ],
      'defines': [
        'NAPI_VERSION=8',
        'SIMDJSON_EXCEPTIONS=0',
        'SIMDJSON_DISABLE_DEPRECATED_API',
        'NDEBUG',
      ],
      'cflags_cc!': [ '-std=gnu++17', '-std=gnu++20' ],
      # Functions start at lines of the cache: elsewhere a walk may take a third longer, by what happens to be linked before it.
      'cflags_cc': [ '-std=c++20', '-O3', '-falign-functions=64', '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden', '-Wall', '-Wextra' ],
      'conditions': [
        [ 'OS=="linux"', {
          'ldflags': [ '-Wl,-s', '-Wl,--gc-sections' ],
          'cflags_cc': [ '-ffunction-sections', '-fdata-sections' ],
        } ],
        [ 'OS=="mac"', {
          'xcode_settings': {
            'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
            'GCC_OPTIMIZATION_LEVEL': '3',
            'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
            'GCC_ENABLE_CPP_RTTI': 'NO',
            'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
            'DEAD_CODE_STRIPPING': 'YES',
            'MACOSX_DEPLOYMENT_TARGET': '11.0',
          },
        } ],
        [ 'OS=="win"', {
          'defines': [ '_HAS_EXCEPTIONS=0', 'NOMINMAX' ],
          'msvs_settings': {
            'VCCLCompilerTool': {
              'AdditionalOptions': [ '/std:c++20' ],
              'Optimization': 2,
              'ExceptionHandling': 0,
              'RuntimeTypeInfo': 'false',
            },
          },
        } ],
      ],
    },
  ],
}
