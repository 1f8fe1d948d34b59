/* All that an application's handlers need. Start here: call.h (what a handler may do), server.h (what an application is), config.h (what it costs). */
#ifndef GRAM_GRAM_H
#define GRAM_GRAM_H

#include "gram/call.h"
#include "gram/config.h"
#include "gram/interceptor.h"
#include "gram/log.h"
#include "gram/server.h"
#include "gram/service.h"
#include "gram/status.h"
#include "gram/text.h"

#endif
