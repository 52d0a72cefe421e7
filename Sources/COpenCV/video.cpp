#include "shim.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <opencv2/videoio.hpp>

struct cv_capture {
    cv::VideoCapture source;
};

struct cv_writer {
    cv::VideoWriter file;
};

char *cv_capture_open(const char *address, const char *options, int open_timeout_ms, int read_timeout_ms,
                      cv_capture **capture) {
    // OpenCV takes FFmpeg's options from the environment only, and reads them while it opens. The lock costs
    // nothing: OpenCV itself opens one capture at a time.
    static std::mutex environment;
    *capture = nullptr;
    return cv_guarded([&] {
        auto opened = std::make_unique<cv_capture>();
        const std::lock_guard<std::mutex> lock(environment);
        setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", options, 1);
        // FFmpeg would go past the proxy in the options for hosts that these name.
        unsetenv("no_proxy");
        unsetenv("NO_PROXY");
        if (opened->source.open(address, cv::CAP_FFMPEG,
                                {cv::CAP_PROP_OPEN_TIMEOUT_MSEC, open_timeout_ms, cv::CAP_PROP_READ_TIMEOUT_MSEC,
                                 read_timeout_ms})) {
            *capture = opened.release();
        }
    });
}

void cv_capture_free(cv_capture *capture) { delete capture; }

char *cv_capture_grab(cv_capture *capture, bool *grabbed) {
    return cv_guarded([&] { *grabbed = capture->source.grab(); });
}

char *cv_capture_retrieve(cv_capture *capture, cv_picture *picture, bool *retrieved) {
    return cv_guarded([&] { *retrieved = capture->source.retrieve(picture->mat); });
}

double cv_capture_fps(const cv_capture *capture) { return capture->source.get(cv::CAP_PROP_FPS); }

double cv_capture_fourcc(const cv_capture *capture) { return capture->source.get(cv::CAP_PROP_FOURCC); }

double cv_capture_frame_count(const cv_capture *capture) { return capture->source.get(cv::CAP_PROP_FRAME_COUNT); }

double cv_capture_position_ms(const cv_capture *capture) { return capture->source.get(cv::CAP_PROP_POS_MSEC); }

char *cv_writer_open(const char *path, const char *codec, double fps, int width, int height, cv_writer **writer) {
    *writer = nullptr;
    return cv_guarded([&] {
        auto opened = std::make_unique<cv_writer>();
        if (std::strlen(codec) != 4) throw std::runtime_error("a codec is named by four letters");
        const int fourcc = cv::VideoWriter::fourcc(codec[0], codec[1], codec[2], codec[3]);
        if (!opened->file.open(path, cv::CAP_FFMPEG, fourcc, fps, cv::Size(width, height))) {
            throw std::runtime_error("cannot write this video file");
        }
        *writer = opened.release();
    });
}

char *cv_writer_write(cv_writer *writer, const cv_picture *picture) {
    return cv_guarded([&] { writer->file.write(picture->mat); });
}

void cv_writer_free(cv_writer *writer) { delete writer; }
