using Bioproxy.Host.Configuration;

namespace Bioproxy.Host;

/// <summary><c>bioproxy schema</c>: the JSON schema of the configuration, for editors.</summary>
internal static class SchemaCommand
{
    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await Console.Out.WriteAsync(ConfigurationSchema.Text.AsMemory(), cancellationToken);
        return 0;
    }
}
