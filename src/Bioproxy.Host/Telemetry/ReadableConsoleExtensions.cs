using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Telemetry;

internal static class ReadableConsoleExtensions
{
    /// <summary>Makes the readable console the only log. Everything goes to standard output; the framework's own categories speak up from warnings on,
    /// unless debugging was asked for.</summary>
    public static ILoggingBuilder AddReadableConsole(this ILoggingBuilder builder, LogLevel minimumLevel)
    {
        builder.ClearProviders();
        builder.SetMinimumLevel(minimumLevel);
        if (minimumLevel == LogLevel.Information)
            builder.AddFilter("Microsoft", LogLevel.Warning);

        // Made by the container, which also disposes it: that writes the last lines.
        builder.Services.AddSingleton<ILoggerProvider>(services => new ReadableConsole(Console.OpenStandardOutput(), services.GetService<TimeProvider>() ?? TimeProvider.System, UseColour()));
        return builder;
    }

    // no-color.org: set and not empty, whatever the value.
    private static bool UseColour() => !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
}
