#include "bench/shim/benchmark_shim.h"

#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

struct shim_run {
    benchmark::State &state;
};

namespace
{

struct registered_body {
    shim_observer *observer;
    void *context;
};

/* By benchmark name, since that is what a report carries. */
std::map<std::string, registered_body> &registrations()
{
    static std::map<std::string, registered_body> all;
    return all;
}

void observe(const std::vector<benchmark::BenchmarkReporter::Run> &reports)
{
    for (const auto &report : reports) {
        if (report.run_type != benchmark::BenchmarkReporter::Run::RT_Iteration ||
            report.error_occurred)
            continue;
        auto found = registrations().find(report.run_name.function_name);
        if (found != registrations().end())
            found->second.observer(found->second.context, report.real_accumulated_time * 1e9,
                                   report.cpu_accumulated_time * 1e9);
    }
}

/* Google Benchmark's own output of the chosen format, and our observers. */
class observing_reporter : public benchmark::BenchmarkReporter
{
  public:
    explicit observing_reporter(bool quiet)
        : display(quiet ? nullptr : benchmark::CreateDefaultDisplayReporter())
    {
    }

    bool ReportContext(const Context &context) override
    {
        return display == nullptr || display->ReportContext(context);
    }

    void ReportRuns(const std::vector<Run> &reports) override
    {
        observe(reports);
        if (display != nullptr)
            display->ReportRuns(reports);
    }

    void Finalize() override
    {
        if (display != nullptr)
            display->Finalize();
    }

  private:
    benchmark::BenchmarkReporter *display; /* owned by Google Benchmark */
};

} // namespace

void shim_clocks_start(shim_run *run)
{
    run->state.ResumeTiming();
}

void shim_clocks_stop(shim_run *run)
{
    run->state.PauseTiming();
}

void shim_counter(shim_run *run, const char *name, double value)
{
    run->state.counters[name] = value;
}

void shim_register(const char *name, int runs, shim_body *body, shim_observer *observer,
                   void *context)
{
    registrations()[name] = {observer, context};
    benchmark::RegisterBenchmark(name,
                                 [body, context](benchmark::State &state) {
                                     for (auto iteration : state) {
                                         (void)iteration;
                                         shim_run run{state};
                                         state.PauseTiming();
                                         const char *failure = body(&run, context);
                                         state.ResumeTiming();
                                         if (failure != nullptr)
                                             state.SkipWithError(failure);
                                     }
                                 })
        ->Iterations(1)
        ->Repetitions(runs)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
}

bool shim_initialize(int *argc, char **argv)
{
    benchmark::Initialize(argc, argv);
    return *argc == 1;
}

void shim_run_all(bool quiet)
{
    observing_reporter reporter(quiet);
    benchmark::RunSpecifiedBenchmarks(&reporter);
}
