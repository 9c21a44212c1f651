using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Models;

/// <summary>The names under which clients reach a served model.</summary>
internal static class ServedNames
{
    /// <summary>The entries of <c>models</c> that use it; without any entry the name that its server gives it.</summary>
    public static IReadOnlyList<string> Of(ServedModel model, ProxyOptions options) => options.Models.Count == 0
        ? [model.Name]
        : [.. options.Models.Where(entry => entry.Use.Any(use => IsUsed(model, use))).Select(entry => entry.Name)];

    /// <summary>Whether an entry's use means this model.</summary>
    public static bool IsUsed(ServedModel model, ModelUse use) =>
        use.Backend == model.Backend.Options.Name && (use.Model is null || model.IsCalled(use.Model));
}
