/* Stands for libcurl and libcrypto beside a bundled libhdf5, which needs them to read files from a
 * web server. Lamina never asks for that: every function here says that there is nothing. */
#define NOTHING(name)                                                                              \
  __attribute__((visibility("default"))) void *name(void) {                                        \
    return 0;                                                                                      \
  }

NOTHING(curl_easy_cleanup)
NOTHING(curl_easy_init)
NOTHING(curl_easy_perform)
NOTHING(curl_easy_setopt)
NOTHING(curl_global_cleanup)
NOTHING(curl_global_init)
NOTHING(curl_slist_append)
NOTHING(curl_slist_free_all)
NOTHING(EVP_sha256)
NOTHING(HMAC)
NOTHING(SHA256)
