using System.Globalization;

namespace Bioproxy.Demo;

/// <summary>What the demo was asked for. Ports are free ones unless given.</summary>
internal sealed record DemoOptions(bool IsOnce, int ProxyPort, int AdminPort, int BackendPort)
{
    public const int WrongUsage = 2;

    private const string Help = "usage: scripts/demo.sh [--once] [--port N] [--admin-port N] [--backend-port N]";

    public static DemoOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new DemoOptions(false, 0, 0, 0);
        for (var index = 0; index < arguments.Count; index++)
        {
            if (arguments[index] == "--once")
            {
                options = options with { IsOnce = true };
                continue;
            }

            var isPort = index + 1 < arguments.Count && int.TryParse(arguments[index + 1], CultureInfo.InvariantCulture, out var port)
                && port is > 0 and < 65536 ? port : 0;
            var changed = (arguments[index], isPort) switch
            {
                (_, 0) => null,
                ("--port", _) => options with { ProxyPort = isPort },
                ("--admin-port", _) => options with { AdminPort = isPort },
                ("--backend-port", _) => options with { BackendPort = isPort },
                _ => null,
            };
            if (changed is null)
            {
                Console.Error.WriteLine(Help);
                return null;
            }

            options = changed;
            index++;
        }

        return options;
    }
}
