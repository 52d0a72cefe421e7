#include "include/COpenCV.h"

#include <cerrno>
#include <dlfcn.h>

// OpenCV hands no options on to FFmpeg's decoders, nor does libavformat where it decodes the first frames to find out
// what a stream is. Both open decoders by this function of libavcodec, which this one takes the place of: the dynamic
// linker finds it in the program before it looks into libraries. Decoders look at `max_pixels` before they allocate.
extern "C" int avcodec_open2(void *context, const void *codec, void **options) {
    using Open = int (*)(void *, const void *, void **);
    using Set = int (*)(void *, const char *, int64_t, int);
    static const auto open = reinterpret_cast<Open>(dlsym(RTLD_NEXT, "avcodec_open2"));
    static const auto set = reinterpret_cast<Set>(dlsym(RTLD_DEFAULT, "av_opt_set_int"));
    if (open == nullptr || set == nullptr) return -ENOSYS;
    if (context != nullptr && set(context, "max_pixels", CV_MAXIMUM_PIXELS, 0) < 0) return -EINVAL;
    return open(context, codec, options);
}
