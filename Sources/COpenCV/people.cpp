#include "shim.hpp"

#include <opencv2/objdetect.hpp>

struct cv_people {
    cv::HOGDescriptor descriptor;
};

char *cv_people_new(cv_people **people) {
    *people = nullptr;
    return cv_guarded([&] {
        auto made = std::make_unique<cv_people>();
        made->descriptor.setSVMDetector(cv::HOGDescriptor::getDefaultPeopleDetector());
        *people = made.release();
    });
}

char *cv_people_detect(const cv_people *people, const cv_picture *picture, double scale, cv_person *found,
                       int capacity, int *count) {
    return cv_guarded([&] {
        std::vector<cv::Rect> boxes;
        std::vector<double> weights;
        people->descriptor.detectMultiScale(picture->mat, boxes, weights, 0, cv::Size(8, 8), cv::Size(8, 8), scale);
        *count = int(boxes.size());
        for (int i = 0; i < *count && i < capacity; i++) {
            found[i] = {boxes[i].x, boxes[i].y, boxes[i].width, boxes[i].height, weights[i]};
        }
    });
}

void cv_people_free(cv_people *people) { delete people; }
