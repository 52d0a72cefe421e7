#ifndef COPENCV_H
#define COPENCV_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A C face on the few parts of OpenCV that Footfall uses. No decisions are taken here.
///
/// Every function that can fail returns NULL on success, otherwise the error's text, which the caller
/// frees with `cv_text_free`. No C++ exception passes this border. Nothing here is thread-safe: an
/// object belongs to one thread at a time.

void cv_text_free(char *text);

/// How many pixels a frame has at most, those of 8K; larger ones are not decoded.
#define CV_MAXIMUM_PIXELS (8192 * 4320)

/// Stops OpenCV and FFmpeg from writing to standard error, where they would print stream addresses.
void cv_silence(void);

/// A picture (`cv::Mat`). Its memory is reused when it is written again with the same size and type.
typedef struct cv_picture cv_picture;

char *cv_picture_new(cv_picture **picture);
void cv_picture_free(cv_picture *picture);
int cv_picture_width(const cv_picture *picture);
int cv_picture_height(const cv_picture *picture);
/// The first byte of a row; valid until the picture is written again.
const uint8_t *cv_picture_row(const cv_picture *picture, int row);
/// Fills the picture with `width * height` pixels of three bytes: blue, green, red.
char *cv_picture_fill(cv_picture *picture, const uint8_t *bgr, int width, int height);

/// Scales `from` to the given size, averaging where it shrinks.
char *cv_resize(const cv_picture *from, cv_picture *to, int width, int height);
char *cv_gray(const cv_picture *from, cv_picture *to);
/// Every value times `gain`, plus `offset`.
char *cv_scale(const cv_picture *from, cv_picture *to, double gain, double offset);
char *cv_mean_deviation(const cv_picture *picture, double *mean, double *deviation);
/// The standard deviation of the picture's Laplacian, a measure of its sharpness.
char *cv_laplacian_deviation(const cv_picture *picture, double *deviation);
/// The mean absolute difference of two pictures of one size and type.
char *cv_mean_difference(const cv_picture *a, const cv_picture *b, double *difference);

/// A video file or stream read through FFmpeg (`cv::VideoCapture`).
typedef struct cv_capture cv_capture;

/// Opens an address. `options` is FFmpeg's dictionary, "key;value|key;value". `*capture` stays NULL
/// where nothing could be opened, which is not an error of the call.
char *cv_capture_open(const char *address, const char *options, int open_timeout_ms, int read_timeout_ms,
                      cv_capture **capture);
void cv_capture_free(cv_capture *capture);
char *cv_capture_grab(cv_capture *capture, bool *grabbed);
char *cv_capture_retrieve(cv_capture *capture, cv_picture *picture, bool *retrieved);
double cv_capture_fps(const cv_capture *capture);
/// The codec's tag, four letters of which the first is the lowest byte; 0 where there is none.
double cv_capture_fourcc(const cv_capture *capture);
double cv_capture_frame_count(const cv_capture *capture);
double cv_capture_position_ms(const cv_capture *capture);

/// Writes a video file.
typedef struct cv_writer cv_writer;

/// The path's ending says which container is written, `codec` by its four letters what into it (MJPG, MPG2).
char *cv_writer_open(const char *path, const char *codec, double fps, int width, int height,
                     cv_writer **writer);
char *cv_writer_write(cv_writer *writer, const cv_picture *picture);
void cv_writer_free(cv_writer *writer);

/// A model of the background (`cv::BackgroundSubtractorMOG2`).
typedef struct cv_background cv_background;

/// `background_ratio`: the share of the time that a pixel's background values make up together; the rest is foreground.
char *cv_background_new(double variance_threshold, double background_ratio, cv_background **background);
/// Marks the foreground (255) and shadows (127) in `mask`, and learns with the given rate (0 to 1).
char *cv_background_apply(cv_background *background, const cv_picture *picture, cv_picture *mask, double rate);
/// What the model takes for the empty scene.
char *cv_background_picture(const cv_background *background, cv_picture *picture);
void cv_background_free(cv_background *background);

/// 255 where the value is above `threshold`, else 0.
char *cv_threshold(const cv_picture *from, cv_picture *to, double threshold);
char *cv_open(const cv_picture *from, cv_picture *to, int width, int height);
char *cv_close(const cv_picture *from, cv_picture *to, int width, int height);

typedef struct {
    int x, y, width, height, area;
} cv_region;

/// The connected regions of a mask; `*count` is how many there are, of which at most `capacity` are written.
char *cv_regions(const cv_picture *mask, cv_region *regions, int capacity, int *count);

typedef struct {
    int x, y, width, height;
    double weight;
} cv_person;

/// OpenCV's people detector: histograms of oriented gradients and a support vector machine.
typedef struct cv_people cv_people;

char *cv_people_new(cv_people **people);
char *cv_people_detect(const cv_people *people, const cv_picture *picture, double scale, cv_person *found,
                       int capacity, int *count);
void cv_people_free(cv_people *people);

/// A neural network (`cv::dnn::Net`) on the CPU.
typedef struct cv_network cv_network;

char *cv_network_darknet(const char *configuration, const char *weights, cv_network **network);
char *cv_network_onnx(const char *path, cv_network **network);
/// Runs the network on the picture, stretched to `width` by `height`, as RGB between 0 and 1.
char *cv_network_run(cv_network *network, const cv_picture *picture, int width, int height);
int cv_network_output_count(const cv_network *network);
/// An output as a matrix of `rows` by `columns` values; valid until the next run.
const float *cv_network_output(const cv_network *network, int index, int *rows, int *columns);
void cv_network_free(cv_network *network);

#ifdef __cplusplus
}
#endif

#endif
