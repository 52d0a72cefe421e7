#pragma once

#include "include/COpenCV.h"

#include <cstring>
#include <memory>
#include <exception>
#include <opencv2/core.hpp>

struct cv_picture {
    cv::Mat mat;
};

/// Runs the body and returns NULL, or the text of what it threw.
template <typename Body>
char *cv_guarded(Body body) noexcept {
    try {
        body();
        return nullptr;
    } catch (const std::exception &error) {
        return strdup(error.what());
    } catch (...) {
        return strdup("unknown C++ exception");
    }
}
