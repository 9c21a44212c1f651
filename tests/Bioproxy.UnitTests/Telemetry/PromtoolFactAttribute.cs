using System.Runtime.CompilerServices;

namespace Bioproxy.UnitTests.Telemetry;

/// <summary>A test that needs Prometheus' own checker (scripts/get-promtool.sh). Where it is missing, the test is skipped, and its name
/// says why: runners print names, not reasons.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PromtoolFactAttribute : FactAttribute
{
    private const string Missing = "SKIPPED: promtool not found";

    public PromtoolFactAttribute([CallerMemberName] string test = "")
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        if (path.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "promtool"))))
            return;

        Skip = Missing;
        DisplayName = $"{test} ({Missing})";
    }
}
