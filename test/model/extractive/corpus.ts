// Passages as a retriever would give them, and questions with the words that a right answer holds.

export interface Passage {
  title: string;
  body: string;
}

export const PASSAGES: Record<string, Passage> = {
  leave: {
    title: "Leave policy",
    body: `# Annual leave

Full-time employees receive 27 days of paid annual leave per calendar year. Leave is agreed with your manager at least
two weeks in advance. Up to 6 unused days may be carried over and must be taken by 31 March of the following year.

| Contract | Annual leave | Public holidays |
|---|---|---|
| Full-time | 27 days | 10 days |
| Part-time (up to 20 hours) | 14 days | 5 days |
| Intern | 12 days | 10 days |

## Special leave

You may take paid special leave for:

- your own wedding: 2 days
- moving house: 1 day
- the death of a close relative: 3 days`,
  },
  sick: {
    title: "Leave policy",
    body: `# Sick leave

Tell your manager before 9:30 a.m. on the first day of illness. A doctor's note is required from the third day of
absence. Sick pay is 100 % of the salary for the first 8 weeks and 60 % after that, for up to a year.

**Long illness.** After 10 weeks of absence, Dr. Amara Voss from Occupational Health calls you to plan your return.`,
  },
  parental: {
    title: "Family guide",
    body: `## Parental leave

Parents may take up to 16 weeks of fully paid leave within the first year after birth or adoption. Please apply in
writing no later than 7 weeks before the leave begins. Afterwards you can return part-time for up to three years.`,
  },
  travel: {
    title: "Travel and expenses",
    body: `# Business travel

Book trips in the Wayfare portal. Trips under four hours are made by train; economy class is used for all flights
under six hours.

## Meals and hotels

The meal allowance is €38 per day inside the country and €52 abroad. Hotels may cost up to €145 per night, breakfast
included. In London, Paris and Zurich the limit is €190.

## Claims

Submit receipts within 30 days of the trip. Claims above €500 need the approval of the head of your department.
Reimbursement is paid with the next salary run, on the 25th of each month.`,
  },
  remote: {
    title: "Remote work",
    body: `Remote work: employees may work from home up to three days per week. Core hours are 10:00 to 15:00 Central
European Time. Working from another country is possible for at most 20 days a year and has to be approved by HR
beforehand.

The company pays a one-off budget of €600 for a desk, a chair and a screen. Internet costs are not reimbursed.`,
  },
  security: {
    title: "IT handbook > Accounts",
    body: `### Passwords

Passwords have at least 14 characters and are changed only after an incident. Never share a password, not even with the
service desk.

### Lost devices

Report a lost or stolen laptop within one hour to the service desk: extension 4711 or help@northwind.example. The
device is then wiped remotely.

### Acronyms

VPN means virtual private network: an encrypted tunnel to the company's network. It is mandatory on public Wi-Fi.`,
  },
  onboarding: {
    title: "Onboarding",
    body: `# Your first weeks

The probation period is six months. During it, either side can end the contract with a notice of two weeks; afterwards
the notice period is three months to the end of a quarter.

On day one you need:

1. a photo ID
2. your tax number
3. your bank details

Your buddy is named by Priya Raman, the head of People Operations. Meetings with your manager take place every Friday.`,
  },
  kettle: {
    title: "AquaBoil 300 user guide",
    body: `# AquaBoil 300 kettle

## Technical data

| Property | Value |
|---|---|
| Capacity | 1.7 l |
| Power | 2200 W |
| Weight | 1.3 kg |
| Cable length | 0.75 m |

## Descaling

Descale the kettle every 60 uses. Fill it with 500 ml of white vinegar and 500 ml of water, boil once, leave it for
20 minutes and rinse twice. Do not use citric acid above 60 °C.

## Troubleshooting

**The light blinks red.** The kettle was switched on without water. Let it cool for 5 minutes, then fill it and press the
button again.

## Warranty

The warranty is 36 months from the date of purchase. It does not cover limescale damage. Send returns to Boilworks,
Dock Street 12, Bristol.`,
  },
  robot: {
    title: "RoboVac X2 product guide",
    body: `# RoboVac X2

The RoboVac X2 runs for 140 minutes on one charge and needs 4 hours to charge fully. Its dust bin holds 0.6 litres.

## Resetting

To reset the robot, hold the power and home buttons together for 8 seconds until you hear a beep. All maps are
deleted.

## Filters

Replace the filter every 3 months. Wash the brush once a month with cold water; never put it in the dishwasher.

### Frequently asked questions

**Does it climb stairs?** No. The cliff sensors stop it at edges deeper than 4 cm.

**Which Wi-Fi does it need?** It supports 2.4 GHz networks only.`,
  },
  bonus: {
    title: "Pay and benefits",
    body: `# Pay

Salaries are reviewed every year in October. The annual bonus is 8 % of the base salary and is paid in April if the
company reaches its goals.

# Benefits

- **Pension:** the company adds 5 % of your gross salary.
- **Bike leasing:** up to €3,000 for one bicycle.
- **Training:** each employee has €1,200 and five days per year for courses.
- **Referral:** whoever refers a new colleague receives €1,500 after the probation period.`,
  },
};

export interface Pair {
  question: string;
  /** Any of these, whatever the case; empty for a question that the passages do not answer. */
  answers: string[];
  /** Keys of the passages, as a retriever would order them. */
  passages: string[];
  earlier?: [question: string, answer: string][];
  /** The citation that has to be there. */
  cites?: number;
}

export const PAIRS: Pair[] = [
  {
    question: "How many days of annual leave do full-time employees get?",
    answers: ["27 days"],
    passages: ["leave", "sick", "parental"],
    cites: 1,
  },
  {
    question: "How much vacation do I have as a part-timer?",
    answers: ["14 days"],
    passages: ["leave", "parental", "remote"],
    cites: 1,
  },
  {
    question: "And for interns?",
    answers: ["12 days"],
    passages: ["leave", "onboarding", "bonus"],
    earlier: [
      ["How many days of annual leave do full-time employees get?", "Full-time employees receive 27 days. [1]"],
    ],
    cites: 1,
  },
  { question: "Until when do I have to take carried over leave?", answers: ["31 March"], passages: ["leave", "sick"] },
  {
    question: "How many unused vacation days can be transferred to the next year?",
    answers: ["6 unused days"],
    passages: ["sick", "leave"],
    cites: 2,
  },
  { question: "How many days off do I get for my wedding?", answers: ["2 days"], passages: ["parental", "leave"] },
  { question: "Do I get a day off when I move house?", answers: ["1 day"], passages: ["leave", "remote"] },
  { question: "When do I need a doctor's note?", answers: ["third day"], passages: ["sick", "leave"] },
  { question: "By what time must I report that I am ill?", answers: ["9:30"], passages: ["leave", "sick"] },
  { question: "Who calls me after a long illness?", answers: ["Amara Voss"], passages: ["sick", "parental"] },
  { question: "How long is sick pay at full salary?", answers: ["8 weeks"], passages: ["sick", "bonus"] },
  { question: "How many weeks of parental leave are paid?", answers: ["16 weeks"], passages: ["parental", "leave"] },
  {
    question: "How early do I have to apply for it?",
    answers: ["7 weeks"],
    passages: ["parental", "leave"],
    earlier: [["How many weeks of parental leave are paid?", "Up to 16 weeks. [1]"]],
  },
  { question: "What is the meal allowance abroad?", answers: ["€52"], passages: ["travel", "bonus"] },
  { question: "How much may a hotel in Zurich cost?", answers: ["€190"], passages: ["travel", "remote"] },
  {
    question: "What about Paris?",
    answers: ["€190"],
    passages: ["travel", "remote"],
    earlier: [["How much may a hotel cost per night?", "Up to €145 per night. [1]"]],
  },
  {
    question: "Who has to approve expense claims over 500 euros?",
    answers: ["head of your department"],
    passages: ["travel", "remote", "bonus"],
  },
  { question: "When is my reimbursement paid out?", answers: ["25th"], passages: ["travel", "bonus"] },
  { question: "Within how many days must receipts be handed in?", answers: ["30 days"], passages: ["travel", "leave"] },
  { question: "Which portal do I use to book a trip?", answers: ["Wayfare"], passages: ["travel", "security"] },
  {
    question: "How many days per week can I work from home?",
    answers: ["three days per week"],
    passages: ["remote", "leave"],
  },
  { question: "What are the core hours?", answers: ["10:00 to 15:00"], passages: ["remote", "onboarding"] },
  { question: "Can I work from abroad?", answers: ["20 days a year"], passages: ["remote", "travel"] },
  {
    question: "Does the company pay for my internet at home?",
    answers: ["not reimbursed"],
    passages: ["remote", "security"],
  },
  { question: "What is the budget for home office furniture?", answers: ["€600"], passages: ["remote", "bonus"] },
  { question: "How long must a password be?", answers: ["14 characters"], passages: ["security", "remote"] },
  { question: "My laptop was stolen. Whom do I call?", answers: ["4711"], passages: ["security", "robot"] },
  { question: "What does VPN mean?", answers: ["virtual private network"], passages: ["security", "remote"] },
  { question: "How long is the probation period?", answers: ["six months"], passages: ["onboarding", "bonus"] },
  {
    question: "What is the notice period during probation?",
    answers: ["two weeks"],
    passages: ["onboarding", "leave"],
  },
  { question: "What do I have to bring on my first day?", answers: ["photo ID"], passages: ["onboarding", "sick"] },
  { question: "Who is the head of People Operations?", answers: ["Priya Raman"], passages: ["onboarding", "travel"] },
  { question: "How much water fits into the AquaBoil 300?", answers: ["1.7 l"], passages: ["kettle", "robot"] },
  { question: "What is the capacity of the AquaBoil kettle?", answers: ["1.7 l"], passages: ["kettle", "robot"] },
  { question: "How heavy is the kettle?", answers: ["1.3 kg"], passages: ["kettle", "robot"] },
  { question: "How often should I descale the kettle?", answers: ["every 60 uses"], passages: ["robot", "kettle"] },
  {
    question: "Why does the light of the kettle blink red?",
    answers: ["without water"],
    passages: ["kettle", "robot"],
  },
  { question: "How long is the guarantee of the kettle?", answers: ["36 months"], passages: ["kettle", "robot"] },
  { question: "How long does the RoboVac X2 battery last?", answers: ["140 minutes"], passages: ["robot", "kettle"] },
  { question: "How do I reset the robot?", answers: ["8 seconds"], passages: ["robot", "kettle"] },
  {
    question: "How often does the filter have to be changed?",
    answers: ["every 3 months"],
    passages: ["robot", "kettle"],
  },
  {
    question: "Can the robot climb stairs?",
    answers: ["No. The cliff sensors", "cliff sensors stop it"],
    passages: ["robot", "kettle"],
  },
  { question: "Which Wi-Fi networks does the RoboVac support?", answers: ["2.4 GHz"], passages: ["robot", "security"] },
  {
    question: "Is the brush dishwasher safe?",
    answers: ["never put it in the dishwasher"],
    passages: ["robot", "kettle"],
  },
  { question: "When is the annual bonus paid?", answers: ["April"], passages: ["bonus", "leave"] },
  { question: "How much does the company add to my pension?", answers: ["5 %"], passages: ["bonus", "travel"] },
  { question: "What is the training budget per employee?", answers: ["€1,200"], passages: ["bonus", "remote"] },
  { question: "What do I get for referring a friend?", answers: ["€1,500"], passages: ["bonus", "onboarding"] },
  { question: "When are salaries reviewed?", answers: ["October"], passages: ["bonus", "travel"] },
];

export const UNANSWERABLE: Pair[] = [
  { question: "What is the capital of Mongolia?", answers: [], passages: ["leave", "travel", "kettle"] },
  { question: "Who won the football world cup in 2014?", answers: [], passages: ["onboarding", "robot"] },
  { question: "Is there a gym in the Madrid office?", answers: [], passages: ["remote", "bonus"] },
  { question: "What is the share price of the company?", answers: [], passages: ["bonus", "travel"] },
  { question: "Can I bring my dog to the office?", answers: [], passages: ["remote", "onboarding"] },
  { question: "How do I bake sourdough bread?", answers: [], passages: ["kettle", "robot"] },
  { question: "Which printer cartridges fit the LaserJet 9?", answers: [], passages: ["robot", "security"] },
];
