using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Telemetry;

internal static class ConsoleLogExtensions
{
    /// <summary>Makes the console log the only log. Everything goes to standard output.</summary>
    public static ILoggingBuilder AddConsoleLog(this ILoggingBuilder builder, LogLevelSwitch levels, bool isJson)
    {
        builder.ClearProviders();
        builder.AddFilter((category, level) => levels.IsOn(category, level));

        // Created by the container, which also disposes it: that writes the last lines.
        builder.Services.AddSingleton<ILoggerProvider>(services => new ConsoleLog(
            Console.OpenStandardOutput(),
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            isJson ? new JsonLine() : new TextLine(TerminalColour.IsWanted)));
        return builder;
    }
}
