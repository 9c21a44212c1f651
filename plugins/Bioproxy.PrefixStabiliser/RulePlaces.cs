namespace Bioproxy.PrefixStabiliser;

/// <summary>The places at a prompt's head in which a rule looks.</summary>
[Flags]
internal enum RulePlaces
{
    /// <summary>The members <c>system</c> and <c>instructions</c>, and the system and developer messages before all others.</summary>
    System = 1,

    /// <summary>The first user message.</summary>
    FirstUser = 2,
}
