#include "shim.hpp"

#include <cstdlib>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>

void cv_text_free(char *text) { free(text); }

void cv_silence(void) {
    setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0);
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    cv::redirectError([](int, const char *, const char *, const char *, int, void *) { return 0; });
}

char *cv_picture_new(cv_picture **picture) {
    return cv_guarded([&] { *picture = new cv_picture(); });
}

void cv_picture_free(cv_picture *picture) { delete picture; }

int cv_picture_width(const cv_picture *picture) { return picture->mat.cols; }

int cv_picture_height(const cv_picture *picture) { return picture->mat.rows; }

const uint8_t *cv_picture_row(const cv_picture *picture, int row) { return picture->mat.ptr<uint8_t>(row); }

char *cv_picture_fill(cv_picture *picture, const uint8_t *bgr, int width, int height) {
    return cv_guarded([&] {
        picture->mat.create(height, width, CV_8UC3);
        std::memcpy(picture->mat.data, bgr, size_t(width) * size_t(height) * 3);
    });
}

char *cv_resize(const cv_picture *from, cv_picture *to, int width, int height) {
    return cv_guarded([&] { cv::resize(from->mat, to->mat, cv::Size(width, height), 0, 0, cv::INTER_AREA); });
}

char *cv_gray(const cv_picture *from, cv_picture *to) {
    return cv_guarded([&] { cv::cvtColor(from->mat, to->mat, cv::COLOR_BGR2GRAY); });
}

char *cv_scale(const cv_picture *from, cv_picture *to, double gain, double offset) {
    return cv_guarded([&] { from->mat.convertTo(to->mat, -1, gain, offset); });
}

char *cv_mean_deviation(const cv_picture *picture, double *mean, double *deviation) {
    return cv_guarded([&] {
        cv::Scalar means, deviations;
        cv::meanStdDev(picture->mat, means, deviations);
        *mean = means[0];
        *deviation = deviations[0];
    });
}

char *cv_laplacian_deviation(const cv_picture *picture, double *deviation) {
    return cv_guarded([&] {
        cv::Mat laplacian;
        cv::Laplacian(picture->mat, laplacian, CV_16S);
        cv::Scalar means, deviations;
        cv::meanStdDev(laplacian, means, deviations);
        *deviation = deviations[0];
    });
}

char *cv_mean_difference(const cv_picture *a, const cv_picture *b, double *difference) {
    return cv_guarded([&] {
        *difference = cv::norm(a->mat, b->mat, cv::NORM_L1) / double(a->mat.total() * a->mat.channels());
    });
}
