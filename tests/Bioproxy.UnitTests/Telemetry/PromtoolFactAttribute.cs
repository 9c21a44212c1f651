namespace Bioproxy.UnitTests.Telemetry;

/// <summary>A test that needs Prometheus' own checker; where it is missing, the test says so and counts as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PromtoolFactAttribute : FactAttribute
{
    public PromtoolFactAttribute()
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        if (!path.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "promtool"))))
            Skip = "SKIPPED: promtool not found";
    }
}
