using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Telemetry;

internal static class ConsoleLogExtensions
{
    /// <summary>Makes the console log the only log. Everything goes to standard output; at the level <c>information</c> the framework's own
    /// categories log warnings only.</summary>
    public static ILoggingBuilder AddConsoleLog(this ILoggingBuilder builder, LogLevel minimumLevel, bool isJson)
    {
        builder.ClearProviders();
        builder.SetMinimumLevel(minimumLevel);
        if (minimumLevel == LogLevel.Information)
            builder.AddFilter("Microsoft", LogLevel.Warning);

        // Created by the container, which also disposes it: that writes the last lines.
        builder.Services.AddSingleton<ILoggerProvider>(services => new ConsoleLog(
            Console.OpenStandardOutput(),
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            isJson ? new JsonLine() : new TextLine(TerminalColour.IsWanted)));
        return builder;
    }
}
