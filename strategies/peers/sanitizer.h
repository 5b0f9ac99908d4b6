/* Whether AddressSanitizer compiles this, which gcc and clang tell differently. */
#ifndef PEERS_SANITIZER_H
#define PEERS_SANITIZER_H

#ifdef __SANITIZE_ADDRESS__
    #define HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
    #define HAS_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#else
    #define HAS_ADDRESS_SANITIZER 0
#endif

#endif
