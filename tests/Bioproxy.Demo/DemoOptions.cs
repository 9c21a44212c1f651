using System.Globalization;

namespace Bioproxy.Demo;

/// <summary>What the demo was asked for. Ports are free ones unless given.</summary>
internal sealed record DemoOptions(bool IsOnce, bool IsCluster, int TemplateTokens, int ProxyPort, int AdminPort, int BackendPort)
{
    public const int WrongUsage = 2;

    private const string Help = "usage: scripts/demo.sh [--once] [--cluster] [--tokens N] [--port N] [--admin-port N] [--backend-port N]";

    public static DemoOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new DemoOptions(false, false, TemplateTokens: 4000, 0, 0, 0);
        for (var index = 0; index < arguments.Count; index++)
        {
            if (arguments[index] == "--once")
            {
                options = options with { IsOnce = true };
                continue;
            }

            if (arguments[index] == "--cluster")
            {
                options = options with { IsCluster = true };
                continue;
            }

            var number = index + 1 < arguments.Count && int.TryParse(arguments[index + 1], CultureInfo.InvariantCulture, out var given)
                && given is > 0 and < 65536 ? given : 0;
            var changed = (arguments[index], number) switch
            {
                (_, 0) => null,
                ("--tokens", <= 7000) => options with { TemplateTokens = number }, // what fits into a slot beside the question
                ("--port", _) => options with { ProxyPort = number },
                ("--admin-port", _) => options with { AdminPort = number },
                ("--backend-port", _) => options with { BackendPort = number },
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
