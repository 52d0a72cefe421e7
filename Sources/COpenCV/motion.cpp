#include "shim.hpp"

#include <opencv2/imgproc.hpp>
#include <opencv2/video/background_segm.hpp>

struct cv_background {
    cv::Ptr<cv::BackgroundSubtractorMOG2> model;
};

char *cv_background_new(double variance_threshold, double background_ratio, cv_background **background) {
    *background = nullptr;
    return cv_guarded([&] {
        auto model = cv::createBackgroundSubtractorMOG2(500, variance_threshold, true);
        model->setBackgroundRatio(background_ratio);
        *background = new cv_background{model};
    });
}

char *cv_background_apply(cv_background *background, const cv_picture *picture, cv_picture *mask, double rate) {
    return cv_guarded([&] { background->model->apply(picture->mat, mask->mat, rate); });
}

char *cv_background_picture(const cv_background *background, cv_picture *picture) {
    return cv_guarded([&] { background->model->getBackgroundImage(picture->mat); });
}

void cv_background_free(cv_background *background) { delete background; }

char *cv_threshold(const cv_picture *from, cv_picture *to, double threshold) {
    return cv_guarded([&] { cv::threshold(from->mat, to->mat, threshold, 255, cv::THRESH_BINARY); });
}

char *cv_open(const cv_picture *from, cv_picture *to, int width, int height) {
    return cv_guarded([&] {
        const cv::Mat kernel = cv::getStructuringElement(cv::MORPH_RECT, cv::Size(width, height));
        cv::morphologyEx(from->mat, to->mat, cv::MORPH_OPEN, kernel);
    });
}

char *cv_close(const cv_picture *from, cv_picture *to, int width, int height) {
    return cv_guarded([&] {
        const cv::Mat kernel = cv::getStructuringElement(cv::MORPH_RECT, cv::Size(width, height));
        cv::morphologyEx(from->mat, to->mat, cv::MORPH_CLOSE, kernel);
    });
}

char *cv_regions(const cv_picture *mask, cv_region *regions, int capacity, int *count) {
    return cv_guarded([&] {
        cv::Mat labels, statistics, centres;
        // Label 0 is the background.
        *count = cv::connectedComponentsWithStats(mask->mat, labels, statistics, centres) - 1;
        for (int i = 0; i < *count && i < capacity; i++) {
            const int *row = statistics.ptr<int>(i + 1);
            regions[i] = {row[cv::CC_STAT_LEFT], row[cv::CC_STAT_TOP], row[cv::CC_STAT_WIDTH],
                          row[cv::CC_STAT_HEIGHT], row[cv::CC_STAT_AREA]};
        }
    });
}
